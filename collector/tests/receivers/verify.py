"""Reads {"secret", "headers", "body"} as JSON, verifies it with other people's code, and prints the event."""

import json
import sys

from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from standardwebhooks import Webhook

call = json.load(sys.stdin)
Webhook(call["secret"]).verify(call["body"], call["headers"])
event = from_http_event(HTTPMessage(headers=call["headers"], body=call["body"].encode()))
json.dump(
    {
        "id": event.get_id(),
        "type": event.get_type(),
        "source": event.get_source(),
        "subject": event.get_subject(),
        "data": event.get_data(),
    },
    sys.stdout,
)
