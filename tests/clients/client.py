"""Gets an address: client.py URL AUTHORITY"""

import ssl
import sys
import urllib.request

url, authority = sys.argv[1:]
context = ssl.create_default_context(cafile=authority)
with urllib.request.urlopen(url, context=context) as answer:
    while answer.read(65536):
        pass
