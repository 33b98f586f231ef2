"""What several processes of one server share: stores, secrets, notices, sessions, steps done."""
