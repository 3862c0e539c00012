package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Names of what is kept on the server.
const (
	tasksStream  = "AUTOML_TASKS"
	eventsStream = "AUTOML_EVENTS"
	deadStream   = "AUTOML_DEAD"

	tasksPrefix  = "automl.tasks."
	eventsPrefix = "automl.events."
	cancelPrefix = "automl.cancelled."

	workersConsumer = "workers"
	deadConsumer    = "schedulers"

	jobsBucket   = "automl_jobs"
	trialsBucket = "automl_trials"
	blobsBucket  = "automl_blobs"
)

// Size limits. Messages stay far below the server's payload limit of 1 MiB.
const (
	maxRecord  = 256 << 10 // a spec, a record, an event
	maxQueued  = 1 << 20   // tasks
	maxDead    = 10_000    // advisories
	maxPerJob  = 20_000    // events of one job
	eventsAge  = 7 * 24 * time.Hour
	dedupAfter = 10 * time.Minute
)

func (b *Bus) layout() []jetstream.StreamConfig {
	return []jetstream.StreamConfig{{
		Name:     tasksStream,
		Subjects: []string{tasksPrefix + "*.*"},
		// One message a subject, the newcomer refused: enqueueing is idempotent
		// for as long as the first is queued or being worked on.
		Retention: jetstream.WorkQueuePolicy, Discard: jetstream.DiscardNew,
		MaxMsgsPerSubject: 1, DiscardNewPerSubject: true,
		MaxMsgs: maxQueued, MaxBytes: b.sized(256 << 20), MaxMsgSize: maxRecord,
		Storage: b.storage(), Duplicates: time.Second,
	}, {
		Name:      eventsStream,
		Subjects:  []string{eventsPrefix + "*"},
		Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardOld,
		MaxMsgsPerSubject: maxPerJob, MaxAge: eventsAge,
		MaxBytes: b.sized(256 << 20), MaxMsgSize: maxRecord,
		Storage: b.storage(), Duplicates: dedupAfter,
	}, {
		Name: deadStream,
		Subjects: []string{
			"$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES." + tasksStream + ".*",
			"$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED." + tasksStream + ".*",
		},
		Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardOld,
		MaxMsgs: maxDead, MaxAge: eventsAge, MaxBytes: b.sized(16 << 20),
		Storage: b.storage(), Duplicates: time.Second,
	}}
}

// ensure makes the streams and the workers' consumer that are not there. What is
// there is never changed (an operator may have tuned it), but refused if its
// nature is another. Any number of processes may do this at the same time.
func (b *Bus) ensure(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	for _, want := range b.layout() {
		s, err := b.ensureStream(ctx, want)
		if err != nil {
			return err
		}
		if want.Name == tasksStream {
			if err := b.ensureWorkers(ctx, s); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *Bus) ensureStream(ctx context.Context, want jetstream.StreamConfig) (jetstream.Stream, error) {
	s, err := b.js.Stream(ctx, want.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		s, err = b.js.CreateStream(ctx, want)
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
			s, err = b.js.Stream(ctx, want.Name) // another process was faster
		}
	}
	switch {
	case errors.Is(err, jetstream.ErrJetStreamNotEnabled), errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount),
		errors.Is(err, nats.ErrNoResponders):
		return nil, fmt.Errorf("JetStream is switched off: start the server with -js (%w)", err)
	case err != nil:
		return nil, fmt.Errorf("stream %s: %w", want.Name, err)
	}
	have := s.CachedInfo().Config
	if have.Retention != want.Retention || have.Discard != want.Discard ||
		have.DiscardNewPerSubject != want.DiscardNewPerSubject ||
		want.DiscardNewPerSubject && have.MaxMsgsPerSubject != want.MaxMsgsPerSubject ||
		!slices.Equal(have.Subjects, want.Subjects) {
		return nil, fmt.Errorf("stream %s is there with other settings, made by something else: remove it or use another account", want.Name)
	}
	return s, nil
}

func (b *Bus) ensureWorkers(ctx context.Context, s jetstream.Stream) error {
	cons, err := ensureConsumer(ctx, s, jetstream.ConsumerConfig{
		Durable: workersConsumer, AckPolicy: jetstream.AckExplicitPolicy,
		AckWait: b.c.AckWait, MaxDeliver: b.c.maxDeliver,
		MaxAckPending: 10_000, MaxWaiting: 4096,
	})
	if err != nil {
		return fmt.Errorf("consumer %s of %s: %w", workersConsumer, tasksStream, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tasks, b.workers = s, cons
	b.ackEvery = cons.CachedInfo().Config.AckWait * 3 / 10
	return nil
}

func ensureConsumer(ctx context.Context, s jetstream.Stream, want jetstream.ConsumerConfig) (jetstream.Consumer, error) {
	cons, err := s.Consumer(ctx, want.Durable)
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		cons, err = s.CreateConsumer(ctx, want)
		if errors.Is(err, jetstream.ErrConsumerExists) {
			cons, err = s.Consumer(ctx, want.Durable)
		}
	}
	if err != nil {
		return nil, err
	}
	if have := cons.CachedInfo().Config; have.AckPolicy != jetstream.AckExplicitPolicy || have.AckWait <= 0 {
		return nil, errors.New("it is there without explicit acknowledgement, made by something else: remove it")
	}
	return cons, nil
}
