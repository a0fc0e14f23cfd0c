"""Commands that read a catalogue, say something of it or write what is derived from it."""
