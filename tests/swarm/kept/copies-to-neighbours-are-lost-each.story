# tick 32005, counters: bond1: 6 frames are counted as lost, of which only 0 are the host's
seed 901877
calm 32469
events off
card e0 02:00:00:00:0a:00 1000
card p0 02:00:00:00:0b:00 1000
card e1 02:00:00:00:0a:01 1000
card p1 02:00:00:00:0b:01 1000
card e2 02:00:00:00:0a:02 1000
card p2 02:00:00:00:0b:02 1000
card e3 02:00:00:00:0a:03 1000
card p3 02:00:00:00:0b:03 1000
card e5 02:00:00:00:0a:05 1000
card p5 02:00:00:00:0b:05 1000
wire e0 p0
wire e1 p1
wire e2 p2
wire e3 p3
wire e5 p5
bond bond0 e0 e1 e2 e3 e5 mode=4 broadcast_neighbor=on address=10.0.0.1/24,fd10::1/64
bond bond1 p0 p1 p2 p3 p5 mode=4 broadcast_neighbor=on address=10.0.0.2/24,fd10::2/64
flow bond0 bond1 udp6 68
at 29225 set bond1 miimon 200
at 31947 link e2 down
at 31969 link e5 down
