package bus

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// publish sends a message to a stream, waits until it is stored and returns its
// sequence. It is the client's PublishMsg with less work around the same
// request: four of these make a trial, so their cost is the protocol's.
func (b *Bus) publish(ctx context.Context, m *nats.Msg) (seq uint64, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	for try := 0; ; try++ {
		resp, err := b.nc.RequestMsgWithContext(ctx, m)
		if err == nil {
			return parseAck(resp.Data)
		}
		if !errors.Is(err, nats.ErrNoResponders) || try == 3 {
			return 0, err
		}
		select { // the stream may be starting, or moving to another server
		case <-time.After(250 * time.Millisecond):
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

// parseAck reads {"stream":"S","seq":7} or {"error":{…}}.
func parseAck(data []byte) (uint64, error) {
	if !bytes.Contains(data, []byte(`"error"`)) {
		if _, rest, ok := bytes.Cut(data, []byte(`"seq":`)); ok {
			end := bytes.IndexFunc(rest, func(c rune) bool { return c < '0' || c > '9' })
			if n, err := strconv.ParseUint(string(rest[:max(end, 0)]), 10, 64); err == nil && n > 0 {
				return n, nil
			}
		}
	}
	var ack struct {
		Error *jetstream.APIError `json:"error"`
		Seq   uint64              `json:"seq"`
	}
	if err := json.Unmarshal(data, &ack); err != nil {
		return 0, fmt.Errorf("the server's answer %.100q: %w", data, err)
	}
	if ack.Error != nil {
		return 0, ack.Error
	}
	if ack.Seq == 0 {
		return 0, fmt.Errorf("the server's answer %.100q is not understood", data)
	}
	return ack.Seq, nil
}

// put stores the value of a key if the key's revision is the given one, 0 for
// none; moved reports that it is not.
func (k *bucket) put(ctx context.Context, key string, data []byte, revision uint64) (rev uint64, moved bool, err error) {
	m := nats.NewMsg("$KV." + k.name + "." + key)
	m.Header.Set(jetstream.ExpectedLastSubjSeqHeader, strconv.FormatUint(revision, 10))
	m.Data = data
	rev, err = k.b.publish(ctx, m)
	var api *jetstream.APIError
	moved = errors.As(err, &api) && (api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence ||
		api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant) // the second from replicated streams
	return rev, moved, err
}
