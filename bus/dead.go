package bus

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// advisory is what the server says of a task that was delivered too often or
// rejected.
type advisory struct {
	Type       string `json:"type"`
	Seq        uint64 `json:"stream_seq"`
	Deliveries int    `json:"deliveries"`
	Reason     string `json:"reason"`
}

// deadReason puts the trial before the reason: by the time the advisory is read,
// a rejected message is gone.
func deadReason(job string, number int, reason string) string {
	return fmt.Sprintf("%s %s", trialKey(job, number), reason)
}

// Dead calls f with every task that will not be delivered again, once in all
// processes (again if f fails or the process dies in it), until ctx ends. A task
// delivered too often is then removed from the queue, where it would stay for
// ever; the server notices it when the next worker asks for a task. f has to
// leave a trial alone that is final already. It returns ctx's error or ErrClosed.
func (b *Bus) Dead(ctx context.Context, f func(job string, number int, reason string) error) error {
	for {
		err := b.dead(ctx, f)
		if err := b.ended(ctx); err != nil {
			return err
		}
		b.log.Warn("dead tasks: trying again", "error", err)
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
		case <-b.done.Done():
		}
	}
}

func (b *Bus) dead(ctx context.Context, f func(job string, number int, reason string) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(b.done, cancel)()
	if err := b.ensure(ctx); err != nil {
		return err
	}
	s, err := b.js.Stream(ctx, deadStream)
	if err != nil {
		return fmt.Errorf("stream %s: %w", deadStream, err)
	}
	cons, err := ensureConsumer(ctx, s, jetstream.ConsumerConfig{
		Durable: deadConsumer, AckPolicy: jetstream.AckExplicitPolicy,
		AckWait: 30 * time.Second, MaxAckPending: 100,
	})
	if err != nil {
		return fmt.Errorf("consumer %s of %s: %w", deadConsumer, deadStream, err)
	}
	it, err := cons.Messages(jetstream.PullMaxMessages(1), jetstream.PullExpiry(30*time.Second),
		jetstream.PullHeartbeat(5*time.Second), jetstream.WithMessagesErrOnMissingHeartbeat(false))
	if err != nil {
		return fmt.Errorf("consumer %s of %s: %w", deadConsumer, deadStream, err)
	}
	defer giveBack(it)
	for {
		msg, err := it.Next(jetstream.NextContext(ctx))
		if err != nil {
			return err
		}
		if err := b.bury(ctx, msg, f); err != nil {
			b.log.Warn("dead task: trying again", "error", err)
			_ = msg.NakWithDelay(time.Second)
			continue
		}
		_ = msg.Ack()
	}
}

func (b *Bus) bury(ctx context.Context, msg jetstream.Msg, f func(job string, number int, reason string) error) error {
	var a advisory
	if err := json.Unmarshal(msg.Data(), &a); err != nil {
		b.log.Error("advisory not understood", "error", err)
		return nil
	}
	if strings.Contains(msg.Subject(), ".MSG_TERMINATED.") {
		key, reason, _ := strings.Cut(a.Reason, " ")
		if job, number := splitKey(key); number >= 0 {
			return f(job, number, reason)
		}
		b.log.Error("task rejected by another program", "reason", a.Reason)
		return nil
	}
	stuck, err := b.taskStream().GetMsg(ctx, a.Seq)
	if isGone(err) {
		return nil // a late worker has done it after all, or it is buried already
	}
	if err != nil {
		return fmt.Errorf("task message %d: %w", a.Seq, err)
	}
	if job, number := splitKey(strings.TrimPrefix(stuck.Subject, tasksPrefix)); number >= 0 {
		if err := f(job, number, fmt.Sprintf("gave up after %d deliveries: worker lost", a.Deliveries)); err != nil {
			return err
		}
	}
	if err := b.taskStream().DeleteMsg(ctx, a.Seq); err != nil && !isGone(err) {
		return fmt.Errorf("remove task message %d: %w", a.Seq, err)
	}
	return nil
}
