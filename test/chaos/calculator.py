"""Copies lines in bursts of random length, RATE lines a second at most; a twentieth of that while the file SLOW exists.

Arguments: RATE SLOW SEED REVISION. The last one only makes two run documents differ.
"""
import os, random, sys, time

rate, slow, seed = float(sys.argv[1]), sys.argv[2], sys.argv[3]
draw = random.Random(seed)
left = 0
for line in sys.stdin.buffer:
    if left == 0:
        left = draw.randint(1, 500)
        time.sleep(left / (rate / 20 if os.path.exists(slow) else rate))
    left -= 1
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()
