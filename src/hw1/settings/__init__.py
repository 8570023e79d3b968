"""The settings that a configuration may have, and their meaning; nothing here imports torch."""
