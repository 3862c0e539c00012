package bus

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// pulls holds the subscriptions of callers of Next that are not waiting now.
// Each asks for one message at a time and only while somebody waits, so that no
// task lies in this process with nobody working on it.
type pulls struct {
	mu     sync.Mutex
	idle   []jetstream.MessagesContext
	closed bool
}

// pull waits for one message.
func (b *Bus) pull(ctx context.Context) (jetstream.Msg, error) {
	it, err := b.subscription()
	if err != nil {
		return nil, err
	}
	// Close has to end the wait as well.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(b.done, cancel)()
	msg, err := it.Next(jetstream.NextContext(ctx))
	if err != nil {
		giveBack(it)
		return nil, err
	}
	if !b.pulls.put(it) {
		giveBack(it)
	}
	return msg, nil
}

func (b *Bus) subscription() (jetstream.MessagesContext, error) {
	if it, err := b.pulls.get(); it != nil || err != nil {
		return it, err
	}
	b.mu.Lock()
	workers := b.workers
	b.mu.Unlock()
	return workers.Messages(
		// The client's default is to fetch 500 ahead.
		jetstream.PullMaxMessages(1),
		jetstream.PullExpiry(30*time.Second),
		jetstream.PullHeartbeat(5*time.Second),
		jetstream.WithMessagesErrOnMissingHeartbeat(false),
	)
}

// giveBack ends a subscription. A task that reached it in this moment goes back
// to the queue at once.
func giveBack(it jetstream.MessagesContext) {
	it.Drain()
	for {
		msg, err := it.Next(jetstream.NextMaxWait(time.Second))
		if err != nil {
			break
		}
		_ = msg.Nak()
	}
}

func (p *pulls) get() (jetstream.MessagesContext, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, ErrClosed
	}
	if len(p.idle) == 0 {
		return nil, nil
	}
	it := p.idle[len(p.idle)-1]
	p.idle = p.idle[:len(p.idle)-1]
	return it, nil
}

func (p *pulls) put(it jetstream.MessagesContext) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		p.idle = append(p.idle, it)
	}
	return !p.closed
}

func (p *pulls) close() {
	p.mu.Lock()
	idle := p.idle
	p.idle, p.closed = nil, true
	p.mu.Unlock()
	for _, it := range idle {
		it.Stop()
	}
}

// isGone reports whether a stream, consumer or message is not there.
func isGone(err error) bool {
	return errors.Is(err, jetstream.ErrMsgNotFound) || errors.Is(err, jetstream.ErrStreamNotFound)
}
