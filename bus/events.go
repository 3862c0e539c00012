package bus

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/seed-09a2cce4/automl/trials"
)

// Event is a report for those who look on; nothing depends on it.
type Event struct {
	// Seq grows from event to event and is where Events resumes. Set by the bus.
	Seq  uint64    `json:"seq"`
	Job  string    `json:"job"`
	Time time.Time `json:"time"`
	// Kind is planned, started, fold, trial, best, phase, finished or log.
	Kind  string          `json:"kind"`
	Trial int             `json:"trial"`
	Data  json.RawMessage `json:"data,omitempty"`
}

// Publish stores an event for Events. Of events with the same id within ten
// minutes only the first counts; an empty id is never the same.
func (b *Bus) Publish(ctx context.Context, e Event, id string) error {
	m, err := eventMessage(e, id)
	if err != nil {
		return err
	}
	if _, err := b.publish(ctx, m); err != nil {
		return fmt.Errorf("event %s of job %s: %w", e.Kind, e.Job, err)
	}
	return nil
}

// Report is Publish without waiting for the server: for events that may be lost
// if the server is.
func (b *Bus) Report(e Event, id string) error {
	m, err := eventMessage(e, id)
	if err != nil {
		return err
	}
	if err := b.nc.PublishMsg(m); err != nil {
		return fmt.Errorf("event %s of job %s: %w", e.Kind, e.Job, err)
	}
	return nil
}

func eventMessage(e Event, id string) (*nats.Msg, error) {
	if err := trials.CheckID(e.Job); err != nil {
		return nil, err
	}
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	data, err := encode("event "+e.Kind+" of job "+e.Job, e)
	if err != nil {
		return nil, err
	}
	m := nats.NewMsg(eventsPrefix + e.Job)
	m.Data = data
	if id != "" {
		m.Header.Set(jetstream.MsgIDHeader, id)
	}
	return m, nil
}

// Events sends the job's events with a Seq above after, the past ones first,
// until ctx ends, when the channel is closed. Old events may be gone.
func (b *Bus) Events(ctx context.Context, job string, after uint64) (<-chan Event, error) {
	if err := trials.CheckID(job); err != nil {
		return nil, err
	}
	cons, err := b.js.OrderedConsumer(ctx, eventsStream, jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{eventsPrefix + job},
		DeliverPolicy:  jetstream.DeliverByStartSequencePolicy,
		OptStartSeq:    after + 1,
	})
	if err != nil {
		return nil, fmt.Errorf("events of job %s: %w", job, err)
	}
	it, err := cons.Messages(jetstream.WithMessagesErrOnMissingHeartbeat(false))
	if err != nil {
		return nil, fmt.Errorf("events of job %s: %w", job, err)
	}
	out := make(chan Event)
	go b.pumpEvents(ctx, it, out)
	return out, nil
}

func (b *Bus) pumpEvents(ctx context.Context, it jetstream.MessagesContext, out chan<- Event) {
	defer close(out)
	defer it.Stop()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(b.done, cancel)()
	for {
		msg, err := it.Next(jetstream.NextContext(ctx))
		if err != nil {
			if b.ended(ctx) == nil {
				b.log.Warn("events ended", "error", err)
			}
			return
		}
		e, err := decodeEvent(msg)
		if err != nil {
			b.log.Error("event not understood", "error", err)
			continue
		}
		select {
		case out <- e:
		case <-ctx.Done():
			return
		}
	}
}

func decodeEvent(msg jetstream.Msg) (e Event, err error) {
	if err = json.Unmarshal(msg.Data(), &e); err != nil {
		return e, err
	}
	meta, err := msg.Metadata()
	if err != nil {
		return e, err
	}
	e.Seq = meta.Sequence.Stream
	return e, nil
}
