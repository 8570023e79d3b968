"""What a configuration may say, and what its settings mean; nothing here imports torch."""
