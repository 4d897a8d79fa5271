/* io_uring(7), one request at a time. */
#include "owner.h"

#include <errno.h>
#include <linux/io_uring.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>

struct ring {
	int fd;
	unsigned flags, *sq_tail, *sq_mask, *sq_flags, *sq_array, *cq_head, *cq_tail, *cq_mask;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
};

static void *map(int fd, size_t size, off_t at)
{
	void *place = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, at);
	if (place == MAP_FAILED)
		err(1, "mmap");
	return place;
}

static struct ring ring(unsigned flags)
{
	struct io_uring_params params = {.flags = flags, .sq_thread_idle = 1000};
	struct ring ring = {.flags = flags};
	ring.fd = syscall(SYS_io_uring_setup, 4, &params);
	if (ring.fd < 0)
		err(77, "io_uring_setup");
	char *sq = map(ring.fd, params.sq_off.array + params.sq_entries * 4, IORING_OFF_SQ_RING);
	char *cq = map(ring.fd, params.cq_off.cqes + params.cq_entries * sizeof *ring.cqes, IORING_OFF_CQ_RING);
	ring.sqes = map(ring.fd, params.sq_entries * sizeof *ring.sqes, IORING_OFF_SQES);
	ring.sq_tail = (void *)(sq + params.sq_off.tail);
	ring.sq_mask = (void *)(sq + params.sq_off.ring_mask);
	ring.sq_flags = (void *)(sq + params.sq_off.flags);
	ring.sq_array = (void *)(sq + params.sq_off.array);
	ring.cq_head = (void *)(cq + params.cq_off.head);
	ring.cq_tail = (void *)(cq + params.cq_off.tail);
	ring.cq_mask = (void *)(cq + params.cq_off.ring_mask);
	ring.cqes = (void *)(cq + params.cq_off.cqes);
	return ring;
}

static int request(struct ring *ring, struct io_uring_sqe sqe)
{
	unsigned tail = *ring->sq_tail, slot = tail & *ring->sq_mask;
	ring->sqes[slot] = sqe;
	ring->sq_array[slot] = slot;
	__atomic_store_n(ring->sq_tail, tail + 1, __ATOMIC_SEQ_CST);
	unsigned flags = IORING_ENTER_GETEVENTS;
	if ((ring->flags & IORING_SETUP_SQPOLL) && (__atomic_load_n(ring->sq_flags, __ATOMIC_SEQ_CST) & IORING_SQ_NEED_WAKEUP))
		flags |= IORING_ENTER_SQ_WAKEUP;
	check(syscall(SYS_io_uring_enter, ring->fd, 1, 1, flags, NULL, 0), "io_uring_enter");
	while (__atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE) == *ring->cq_head)
		sched_yield();
	int result = ring->cqes[*ring->cq_head & *ring->cq_mask].res;
	__atomic_store_n(ring->cq_head, *ring->cq_head + 1, __ATOMIC_RELEASE);
	errno = -result;
	return result;
}

void by_ring(unsigned setup, unsigned flags)
{
	struct ring made = ring(setup);
	int stream = tcp(0);
	check(request(&made, (struct io_uring_sqe){.opcode = IORING_OP_CONNECT, .flags = flags, .fd = stream,
						   .addr = (unsigned long)&server, .off = server_length}), "connect");
	check(request(&made, (struct io_uring_sqe){.opcode = IORING_OP_SEND, .flags = flags, .fd = stream,
						   .addr = (unsigned long)hello, .len = hello_length}), "send");
	finish(stream);
}
