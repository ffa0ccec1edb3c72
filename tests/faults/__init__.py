"""Faults: real processes and real servers, killed, stopped, cut off and filled up; what was promised must hold."""
