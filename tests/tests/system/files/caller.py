# Calls HOST once for each line of its input: caller.py HOST AUTHORITY
import ssl
import sys
import urllib.request

host, authority = sys.argv[1:]
context = ssl.create_default_context(cafile=authority)
for _ in sys.stdin:
    with urllib.request.urlopen(f"https://{host}/bytes/10", context=context) as answer:
        answer.read()
