"""Reading pages and applying rules to them; pure, and imported by confined processes."""
