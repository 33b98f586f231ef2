"""What a catalogue costs: tokens a tool, a surface and a level of detail."""
