# tick 9927, unusable port: bond0 sent frame 211 on e1, which carries nothing
seed 20429
calm 9408
card e0 02:00:00:00:0a:00 1000
card p0 02:00:00:00:0b:00 1000
card e1 02:00:00:00:0a:01 1000
card p1 02:00:00:00:0b:01 1000
wire e0 p0
wire e1 p1
bond bond0 e0 e1 mode=4 address=10.0.0.1/24,fd10::1/64
bond bond1 p0 p1 mode=4 address=10.0.0.2/24,fd10::2/64
flow bond0 bond1 raw 47
at 9407 speed e1 100 full
