"""Setting the whole house up and keeping it running on one machine: what ``./start`` hands over to."""
