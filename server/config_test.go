package server

import (
	"strings"
	"testing"

	"github.com/seed-09a2cce4/automl"
)

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	token := writeTemp(t, "token", "  s3cret \nrest\n")
	empty := writeTemp(t, "empty", "\n")
	tests := []struct {
		name string
		cfg  Config
		want string // part of the error, "" for none
	}{
		{"zero", Config{}, ""},
		{"loopback, any port", Config{Listen: "127.0.0.1:0"}, ""},
		{"loopback, IPv6", Config{Listen: "[::1]:0"}, ""},
		{"localhost", Config{Listen: "localhost:8080"}, ""},
		{"all interfaces", Config{Listen: ":8080"}, "give a token file"},
		{"zero address", Config{Listen: "0.0.0.0:8080"}, "give a token file"},
		{"zero address, IPv6", Config{Listen: "[::]:8080"}, "give a token file"},
		{"another address", Config{Listen: "192.0.2.1:8080"}, "give a token file"},
		{"all interfaces with a token", Config{Listen: ":8080", Token: "x"}, ""},
		{"all interfaces with a token file", Config{Listen: ":8080", TokenFile: token}, ""},
		{"NATS on all interfaces", Config{NATSListen: "0.0.0.0:4222"}, "NATS listen address 0.0.0.0:4222"},
		{"NATS on all interfaces with a token", Config{NATSListen: "0.0.0.0:4222", Token: "x"}, ""},
		{"no port", Config{Listen: "127.0.0.1"}, "use host:port"},
		{"no such port", Config{Listen: "127.0.0.1:99999"}, "use host:port"},
		{"empty token file", Config{TokenFile: empty}, "first line is empty"},
		{"no token file", Config{TokenFile: empty + "-not"}, "token file"},
		{"two tokens", Config{Token: "x", TokenFile: token}, "one of the two"},
		{"two NATS servers", Config{NATSURL: "nats://h:1", NATSListen: "127.0.0.1:2"}, "one of the two"},
		{"workers", Config{Workers: -2}, "must not be negative"},
		{"jobs at once", Config{Concurrent: -1}, "must not be negative"},
		{"threads", Config{Threads: -1}, "must not be negative"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := New(tt.cfg)
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("error %v", err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("error %v, want %q", err, tt.want)
			case err != nil && !automl.IsUserError(err):
				t.Errorf("error %v is not said to be the user's", err)
			}
		})
	}
}

func TestConfigDefaults(t *testing.T) {
	t.Parallel()
	s, err := New(Config{TokenFile: writeTemp(t, "token", "  s3cret \nrest\n")})
	if err != nil {
		t.Fatal(err)
	}
	if s.cfg.Token != "s3cret" || s.cfg.Listen != "127.0.0.1:8080" || s.cfg.Workers < 1 || s.cfg.Threads < 1 {
		t.Errorf("%+v", s.cfg)
	}
	if s.cfg.Limits.UploadBytes != 2<<30 || s.cfg.Limits.BodyBytes != 10<<20 {
		t.Errorf("%+v", s.cfg.Limits)
	}
	if s, err = New(Config{Workers: automl.NoWorkers}); err != nil || s.cfg.Workers != 0 {
		t.Errorf("%v workers, error %v", s.cfg.Workers, err)
	}
}
