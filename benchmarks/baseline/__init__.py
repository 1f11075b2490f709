"""What others are measured against: an empty authenticated view as it was at commit dc2fe3d.

A ratio to a part of the product would change whenever that part does: if keys were found faster,
every list would look slower. So the settings, the middleware and the look-up of the key of that
commit are kept here. Do not make them faster.
"""
