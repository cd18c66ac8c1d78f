"""Copies lines in bursts of random length, at most as many a second as the file PACE says; 0: without a pause.

Arguments: PACE SEED REVISION. The last one only makes two run documents differ.
"""
import random, sys, time

pace, seed = sys.argv[1:3]
draw = random.Random(seed)
left = 0
for line in sys.stdin.buffer:
    if left == 0:
        left = draw.randint(1, 500)
        with open(pace) as file:
            rate = float(file.read())
        if rate > 0:
            time.sleep(left / rate)
    left -= 1
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()
