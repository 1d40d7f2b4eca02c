# tick 4475, loop: frame 46 from bond0 came back to it
seed 168
calm 4475
events off
card e0 02:00:00:00:0a:00 1000
card e1 02:00:00:00:0a:01 1000
card s0a 02:00:00:00:0c:00 1000
switch sw0
wire e0 sw0
wire e1 sw0
wire s0a sw0
bond bond0 e0 e1 mode=5 downdelay=500 address=10.0.0.1/24,fd10::1/64
station s0 10.0.0.11 s0a
flow bond0 s0 broadcast 97
at 4280 link e0 down
