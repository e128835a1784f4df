"""Find, start, connect, examine and stock an engine; everything that leaves this host goes through here."""
