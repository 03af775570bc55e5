package terminal

// Clean replaces in text what a terminal might obey or hide.
func Clean(text string) string { return clean(text) }

// Pad pads a clean text to n columns, and cuts what is longer.
func (s Screen) Pad(text string, n int) string { return left(s.cut(text, n), n) }

// Cut shortens a clean text to at most n columns.
func (s Screen) Cut(text string, n int) string { return s.cut(text, n) }

// Glyph returns what to draw on this screen.
func (s Screen) Glyph(unicode, ascii string) string { return s.glyph(unicode, ascii) }

// Bold, Dim, Red, Green and Yellow paint a text where the screen has colours.
func (s Screen) Bold(text string) string { return s.paint(bold, text) }

// Dim paints a text that matters less.
func (s Screen) Dim(text string) string { return s.paint(dim, text) }

// Red paints what failed.
func (s Screen) Red(text string) string { return s.paint(red, text) }

// Green paints what is as it should be.
func (s Screen) Green(text string) string { return s.paint(green, text) }

// Yellow paints what may be wrong.
func (s Screen) Yellow(text string) string { return s.paint(yellow, text) }
