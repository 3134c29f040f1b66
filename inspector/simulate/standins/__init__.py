"""Stand-ins for the booking providers, on loopback: they register webhooks and send to them by each provider's rules.

`ledger` keeps what is registered and what is to be sent, `courier` sends it, `desk` is what a person does at the
provider's (register, enable, have an event happen), `service` puts that and the provider's own API on a port. For
https there is an `authority` of this machine's own, and a `frontdoor` before what speaks http.
"""
