"""Record what the pictures of the concepts show: do on a real engine what the labs do, and note the facts."""
