# tick 7984, one address twice: bond0: e1 and e4 have 02:00:00:00:0a:00
seed 904499
calm 4436
events off
card e0 02:00:00:00:0a:00 1000
card e1 02:00:00:00:0a:01 1000
card e4 02:00:00:00:0a:04 1000
switch sw0
wire e0 sw0
wire e1 sw0
wire e4 sw0
bond bond0 e0 e1 e4 mode=1 fail_over_mac=follow address=10.0.0.1/24,fd10::1/64
at 1818 stall 4866
at 4373 card e0 out
at 4407 activate bond0 e4
at 4435 activate bond0 e0
