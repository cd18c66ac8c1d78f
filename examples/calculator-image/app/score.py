"""A Calculator: each line of STDIN is a reading, each line of STDOUT the score of one. STDERR is its log."""
import json
import os
import sys

# readings above this are hot, where no Model says otherwise
LIMIT = 40


def limit_from(path):
    """The Model is the Calculator's own business: here a folder with limit.json, {"celsius": 38}."""
    file = os.path.join(path, "limit.json")
    if not os.path.exists(file):
        print("no limit.json in %s, the limit is %d" % (path, LIMIT), file=sys.stderr, flush=True)
        return LIMIT
    with open(file) as text:
        return json.load(text)["celsius"]


def main():
    limit = limit_from(sys.argv[1])
    for line in sys.stdin:
        reading = json.loads(line)
        score = {"sensor": reading["sensor"], "hot": reading["celsius"] > limit}
        # without the flush answers wait in a buffer until 8 KiB have come together
        print(json.dumps(score), flush=True)


if __name__ == "__main__":
    main()
