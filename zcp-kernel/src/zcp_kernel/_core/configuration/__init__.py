"""How configuration is declared, decoded and joined."""
