"""The delivery lab: deliveries sent to an app as providers really send them, and what it should answer."""
