// Shows the thread sanitizer Swift's Mutex, whose slow paths it cannot see.
//
// On Linux a Mutex is a futex with priority inheritance. Taking it uncontended is inlined into our code and instrumented like
// it; waiting for it and waking whoever waits are `_MutexHandle._lockSlow` and `_unlockSlow` in libswiftSynchronization.so,
// which is not built with the sanitizer, and there the kernel hands the lock over. Each contended Mutex is then reported as a
// race between two closures that never run at once. Nothing is suppressed by this: the two functions do what they did, and
// the sanitizer is told that the one follows the other.
//
// Loaded by LD_PRELOAD; in a process without the sanitizer it only passes the calls on.
// Source: stdlib/public/Synchronization/Mutex/LinuxImpl.swift of Swift 6.3; sanitizer/tsan_interface.h of compiler-rt.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

extern void __tsan_acquire(void *address) __attribute__((weak));
extern void __tsan_release(void *address) __attribute__((weak));

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

// Swift passes `self` (the handle's address) in a register of its own.
typedef void (*lock_function)(uint32_t thread, __attribute__((swift_context)) void *handle) __attribute__((swiftcall));
typedef void (*unlock_function)(__attribute__((swift_context)) void *handle) __attribute__((swiftcall));

__attribute__((swiftcall)) void lock_slow(uint32_t thread, __attribute__((swift_context)) void *handle) __asm__(LOCK);
__attribute__((swiftcall)) void unlock_slow(__attribute__((swift_context)) void *handle) __asm__(UNLOCK);

__attribute__((swiftcall)) void lock_slow(uint32_t thread, __attribute__((swift_context)) void *handle) {
  static lock_function next;
  if (!next) next = (lock_function)dlsym(RTLD_NEXT, LOCK);
  next(thread, handle);
  if (__tsan_acquire) __tsan_acquire(handle);
}

__attribute__((swiftcall)) void unlock_slow(__attribute__((swift_context)) void *handle) {
  static unlock_function next;
  if (!next) next = (unlock_function)dlsym(RTLD_NEXT, UNLOCK);
  if (__tsan_release) __tsan_release(handle);
  next(handle);
}
