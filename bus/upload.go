package bus

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// chunkSize of blobs in the object store.
	chunkSize = 128 << 10
	// uploadWindow is how many chunks are on their way at a time: the server
	// refuses messages beyond 128 MiB that it has not stored yet.
	uploadWindow = 64
)

// upload writes data as the object store's format has it (ADR-20 of NATS):
// chunks under a name of their own, then the description that names them, so
// that readers see the whole blob or none. The client's own Put starts a
// goroutine a call, some of which never end (nats.go 1.55).
func (b *Bus) upload(ctx context.Context, digest string, data []byte) error {
	raw, err := hex.DecodeString(digest)
	if err != nil {
		return err
	}
	chunks := "$O." + blobsBucket + ".C." + rand.Text()
	info := jetstream.ObjectInfo{
		ObjectMeta: jetstream.ObjectMeta{Name: digest, Opts: &jetstream.ObjectMetaOptions{ChunkSize: chunkSize}},
		Bucket:     blobsBucket,
		NUID:       chunks[len("$O."+blobsBucket+".C."):],
		Size:       uint64(len(data)),
		Digest:     "SHA-256=" + base64.URLEncoding.EncodeToString(raw),
	}
	for rest := data; len(rest) > 0; {
		var window []*nats.Msg
		for len(rest) > 0 && len(window) < uploadWindow {
			n := min(len(rest), chunkSize)
			window = append(window, &nats.Msg{Subject: chunks, Data: rest[:n]})
			rest = rest[n:]
		}
		info.Chunks += uint32(len(window))
		if err := b.publishAll(ctx, window); err != nil {
			b.purgeChunks(chunks)
			return err
		}
	}
	meta, err := json.Marshal(info)
	if err != nil {
		return err
	}
	m := nats.NewMsg("$O." + blobsBucket + ".M." + base64.URLEncoding.EncodeToString([]byte(digest)))
	m.Header.Set(jetstream.MsgRollup, jetstream.MsgRollupSubject)
	m.Data = meta
	if _, err := b.js.PublishMsg(ctx, m); err != nil {
		b.purgeChunks(chunks)
		return err
	}
	return nil
}

// publishAll sends messages and waits for all of them.
func (b *Bus) publishAll(ctx context.Context, msgs []*nats.Msg) error {
	futures := make([]jetstream.PubAckFuture, len(msgs))
	for i, m := range msgs {
		f, err := b.js.PublishMsgAsync(m)
		if err != nil {
			return err
		}
		futures[i] = f
	}
	for _, f := range futures {
		select {
		case <-f.Ok():
		case err := <-f.Err():
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// purgeChunks removes what a failed upload has left.
func (b *Bus) purgeChunks(subject string) {
	ctx, cancel := context.WithTimeout(b.done, callTimeout)
	defer cancel()
	s, err := b.js.Stream(ctx, "OBJ_"+blobsBucket)
	if err == nil {
		err = s.Purge(ctx, jetstream.WithPurgeSubject(subject))
	}
	if err != nil {
		b.log.Warn("left-over chunks of a blob stay on the server", "error", fmt.Errorf("purge: %w", err))
	}
}
