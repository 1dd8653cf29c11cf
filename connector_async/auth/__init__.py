"""
Who the bot is, and the token that shows it.

`tokens` keeps a token and has it renewed, `credentials` says how one is had,
`network` how the identity provider is reached. `msal`, the package's only door
to the library of that name, is opened when the first token is fetched.
"""
