"""What those decide who look after the hall: accounts, roles, tokens, news; and the log of all that was changed."""
