//! The promises of the server, one file each, against a real server in this process over real sockets.

mod p1_nothing_acknowledged_is_lost;
mod p2_every_answer_counts_once;
mod p3_state_is_the_fold_of_the_log;
mod p5_the_next_card_does_not_wait;
mod p6_a_crowd_is_no_attack;
mod p6_nobody_can_hurt_others;
mod p6_what_is_too_large;
mod p7_who_you_are_decides;
mod p8_it_says_how_it_is;
