"""A Calculator: reads one JSON reading a line, writes one JSON score a line."""
import json
import os
import sys


def load_model(path):
    """The Model is the Calculator's own business: here a JSON file with one factor."""
    if not os.path.exists(path):
        print("no model at %s, every factor is 1" % path, file=sys.stderr, flush=True)
        return {"factor": 1}
    with open(path) as file:
        return json.load(file)


def main():
    model = load_model(sys.argv[1])
    for line in sys.stdin:
        reading = json.loads(line)
        score = {"id": reading["id"], "score": reading["value"] * model["factor"]}
        # the flush matters: without it answers wait in a buffer until 8 KiB have come together
        print(json.dumps(score), flush=True)


if __name__ == "__main__":
    main()
