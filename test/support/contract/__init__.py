"""A server made of the description, and the calls that it expects.

``operations`` reads the description, ``values`` derives values from schemas, ``checks``
compares requests with the description, ``server`` responds with its examples,
``calls`` derives the arguments of methods, and ``reading`` reads results completely.
Nothing in it is written for a single operation.
"""
