# tick 6981, one address twice: bond0: e0 and e2 have 02:00:00:00:0a:00
seed 300017
calm 5497
events off
card e0 02:00:00:00:0a:00 1000
card e2 02:00:00:00:0a:02 1000
switch sw0
wire e0 sw0
wire e1 sw0
wire e2 sw0
wire e3 sw0
wire s0a sw0
wire s0b sw0
wire s1a sw0
wire s1b sw0
wire s2a sw0
bond bond0 e0 e2 mode=6 address=10.0.0.1/24,fd10::1/64
at 2573 stall 4408
at 3072 card e0 out
at 5496 set bond0 primary e2
