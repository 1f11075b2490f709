"""What a page says, and what a rule makes of it; pure, and imported by confined processes."""
