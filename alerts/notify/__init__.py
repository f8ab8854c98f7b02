"""Notifications out: what agents are to be told, sent to other programs and by mail.

subscriptions  who is told of what, and how often: a file
audience       what its owner may see of that, when it is sent; pure
cap            how many messages an hour, and when a digest is due; pure
message        one message, and its JSON
mail           the same as a mail
signature      how a receiver knows that a webhook is ours; pure
webhook        sends by HTTPS
mailer         sends by SMTP
lease          which process tells a subscription, in Redis
ledger         how far a subscription has come, in Redis
notifier       the loop over all of these, one a subscription
"""
