"""Receives webhooks and verifies each with the standardwebhooks library: a witness that is none of our code.

    receiver.py PORT SECRET OUTPUT

Writes one JSON object a request to OUTPUT: the headers, the body as it came, and what the verifier says.
"""
import http.server
import json
import sys

from standardwebhooks import Webhook

port, secret, output = int(sys.argv[1]), sys.argv[2], sys.argv[3]
verifier = Webhook(secret)


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            verifier.verify(body, headers)
            verdict = "valid"
        except Exception as error:  # the verifier's own words are what counts
            verdict = f"INVALID: {error!r}"
        with open(output, "a", encoding="utf-8") as file:
            file.write(json.dumps({"verdict": verdict, "headers": headers, "body": body}) + "\n")
        self.send_response(204 if verdict == "valid" else 400)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


print("ready", flush=True)
http.server.ThreadingHTTPServer(("127.0.0.1", port), Receiver).serve_forever()
