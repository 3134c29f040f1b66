"""The providers' side on the laptop: sample deliveries, signed as the provider would."""
