"""The five stages of a generation; each is a pure step from typed input to typed output."""
