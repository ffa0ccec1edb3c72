"""What the features stand on: database, queue, events, files, embedded servers."""
