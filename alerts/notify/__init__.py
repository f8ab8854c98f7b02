"""Notifications out: what agents are to be told, sent to other programs and by mail.

subscriptions  who is told of what, and how often: a file
cap            how many messages an hour, and when a digest is due; pure
message        one message, and its JSON
mail           the same as a mail
signature      how a receiver knows that a webhook is ours; pure
webhook        sends by HTTPS
mailer         sends by SMTP
ledger         how far a subscription has come, in Redis
notifier       the loop over all of these, one a subscription
"""
