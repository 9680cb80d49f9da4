"""Who calls: tokens, the keys they are signed with, and the tokens that were seen before."""
