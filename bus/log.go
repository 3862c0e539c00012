package bus

import (
	"fmt"
	"log/slog"
	"sync"
)

// logAdaptor hands the server's log lines to slog. The stock logger ends the
// process on a fatal error; this one keeps its text for StartServer.
type logAdaptor struct {
	log   *slog.Logger
	mu    sync.Mutex
	fatal string
}

func newLogAdaptor(l *slog.Logger) *logAdaptor {
	return &logAdaptor{log: logger(l).With("from", "nats-server")}
}

func logger(l *slog.Logger) *slog.Logger {
	if l == nil {
		return slog.New(slog.DiscardHandler)
	}
	return l
}

// Noticef logs at debug level: start-up chatter is of no use to a user.
func (a *logAdaptor) Noticef(format string, v ...any) { a.log.Debug(fmt.Sprintf(format, v...)) }

func (a *logAdaptor) Warnf(format string, v ...any)  { a.log.Warn(fmt.Sprintf(format, v...)) }
func (a *logAdaptor) Errorf(format string, v ...any) { a.log.Error(fmt.Sprintf(format, v...)) }
func (a *logAdaptor) Debugf(format string, v ...any) { a.log.Debug(fmt.Sprintf(format, v...)) }
func (a *logAdaptor) Tracef(format string, v ...any) { a.log.Debug(fmt.Sprintf(format, v...)) }

func (a *logAdaptor) Fatalf(format string, v ...any) {
	text := fmt.Sprintf(format, v...)
	a.log.Error(text)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.fatal == "" {
		a.fatal = text
	}
}

func (a *logAdaptor) fatalText() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.fatal
}
