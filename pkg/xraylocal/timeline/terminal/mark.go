package terminal

import (
	"strconv"

	"github.com/bragg-tracing/bragg/pkg/xraylocal/timeline"
)

// A mark is how an outcome looks: a shape, a word, a letter and a colour, the
// same in every view.
type mark struct {
	shape, ascii string
	word, letter string
	style        style
}

var (
	marks = map[timeline.Outcome]mark{
		timeline.OK:       {"○", "o", "ok", "", green},
		timeline.Error:    {"▲", "^", "error", "E", yellow},
		timeline.Throttle: {"‖", "=", "throttle", "T", violet},
		timeline.Fault:    {"◆", "#", "fault", "F", red},
	}
	inProgress = mark{"◌", "~", "in progress", "…", blue}
)

// markOf returns the mark of an outcome; what has neither ended nor failed yet
// is in progress.
func markOf(outcome timeline.Outcome, running bool) mark {
	if running && outcome == timeline.OK {
		return inProgress
	}
	return marks[outcome]
}

// draw returns the shape in its colour.
func (s Screen) drawMark(m mark) string { return s.paint(m.style, s.glyph(m.shape, m.ascii)) }

// label says in words, or in letters when short, how it ended: "fault 500",
// "F 500". It is "" for what went well without an HTTP status.
func (s Screen) label(m mark, status int, short bool) string {
	text := m.word
	if short {
		text = m.letter
		if text == "…" {
			text = s.glyph(text, "~")
		}
	} else if m.word == marks[timeline.OK].word {
		text = ""
	}
	if status == 0 {
		return text
	}
	if text != "" {
		text += " "
	}
	return text + strconv.Itoa(status)
}
