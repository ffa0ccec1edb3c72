"""`python -m jobwise` is the command `jobwise`."""

from jobwise.cli import main

if __name__ == "__main__":
    main(prog_name="jobwise")
