"""What the screens are made of. A widget takes data, shows it, and posts messages; it calls no client."""
