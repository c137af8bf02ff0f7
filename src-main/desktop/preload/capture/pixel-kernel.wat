;; Built into pixel-kernel-wasm.ts by scripts/make-pixel-kernel.mjs.
(module
  (import "memory" "pixels" (memory 1))

  ;; Whether any of `rows` rows of `width` bytes, a multiple of 8, is not the same at `a` and at `b`. From one row to the
  ;; next it is `stride` bytes.
  (func (export "differs")
    (param $a i32) (param $b i32) (param $stride i32) (param $width i32) (param $rows i32) (result i32)
    (local $x i32) (local $difference v128)
    (block $done
      (loop $nextRow
        (br_if $done (i32.eqz (local.get $rows)))
        (local.set $x (i32.const 0))
        (block $rowDone
          (loop $next
            (br_if $rowDone (i32.gt_u (i32.add (local.get $x) (i32.const 16)) (local.get $width)))
            (local.set $difference (v128.or (local.get $difference) (v128.xor
              (v128.load (i32.add (local.get $a) (local.get $x)))
              (v128.load (i32.add (local.get $b) (local.get $x))))))
            (local.set $x (i32.add (local.get $x) (i32.const 16)))
            (br $next)))
        (if (i32.lt_u (local.get $x) (local.get $width))
          (then (local.set $difference (v128.or (local.get $difference) (v128.xor
            (v128.load64_zero (i32.add (local.get $a) (local.get $x)))
            (v128.load64_zero (i32.add (local.get $b) (local.get $x))))))))
        (if (v128.any_true (local.get $difference)) (then (return (i32.const 1))))
        (local.set $a (i32.add (local.get $a) (local.get $stride)))
        (local.set $b (i32.add (local.get $b) (local.get $stride)))
        (local.set $rows (i32.sub (local.get $rows) (i32.const 1)))
        (br $nextRow)))
    (i32.const 0))

  ;; Converts `blocks` times 16 pixels of one row from planar YUV, chroma halved, to BGRX. Reads 16 bytes at `y` and 8
  ;; at `u` and `v`, and writes 64 at `out`, for each block. Chroma counts for the two pixels that it was taken from, so
  ;; that halving it again gives back what there was.
  ;; In units of 1/32: luma times `yScale`/2^15 of its 64-fold, chroma times the others of its 128-fold.
  (func (export "convertRow")
    (param $y i32) (param $u i32) (param $v i32) (param $out i32) (param $blocks i32)
    (param $yOffset i32) (param $yScale i32) (param $rv i32) (param $gu i32) (param $gv i32) (param $bu i32)
    (local $luma v128) (local $low v128) (local $high v128) (local $cu v128) (local $cv v128)
    (local $red v128) (local $green v128) (local $blue v128) (local $bg v128) (local $rx v128)
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $blocks)))

        (local.set $luma (i8x16.sub_sat_u (v128.load (local.get $y)) (i8x16.splat (local.get $yOffset))))
        (local.set $low (i16x8.add (v128.const i16x8 16 16 16 16 16 16 16 16)
          (i16x8.q15mulr_sat_s (i16x8.shl (i16x8.extend_low_i8x16_u (local.get $luma)) (i32.const 6))
            (i16x8.splat (local.get $yScale)))))
        (local.set $high (i16x8.add (v128.const i16x8 16 16 16 16 16 16 16 16)
          (i16x8.q15mulr_sat_s (i16x8.shl (i16x8.extend_high_i8x16_u (local.get $luma)) (i32.const 6))
            (i16x8.splat (local.get $yScale)))))

        (local.set $cu (i16x8.shl (i16x8.sub (v128.load8x8_u (local.get $u))
          (v128.const i16x8 128 128 128 128 128 128 128 128)) (i32.const 7)))
        (local.set $cv (i16x8.shl (i16x8.sub (v128.load8x8_u (local.get $v))
          (v128.const i16x8 128 128 128 128 128 128 128 128)) (i32.const 7)))
        (local.set $red (i16x8.q15mulr_sat_s (local.get $cv) (i16x8.splat (local.get $rv))))
        (local.set $green (i16x8.add
          (i16x8.q15mulr_sat_s (local.get $cu) (i16x8.splat (local.get $gu)))
          (i16x8.q15mulr_sat_s (local.get $cv) (i16x8.splat (local.get $gv)))))
        (local.set $blue (i16x8.q15mulr_sat_s (local.get $cu) (i16x8.splat (local.get $bu))))

        (local.set $red (i8x16.narrow_i16x8_u
          (i16x8.shr_s (i16x8.add (local.get $low)
            (i8x16.shuffle 0 1 0 1 2 3 2 3 4 5 4 5 6 7 6 7 (local.get $red) (local.get $red))) (i32.const 5))
          (i16x8.shr_s (i16x8.add (local.get $high)
            (i8x16.shuffle 8 9 8 9 10 11 10 11 12 13 12 13 14 15 14 15 (local.get $red) (local.get $red)))
            (i32.const 5))))
        (local.set $green (i8x16.narrow_i16x8_u
          (i16x8.shr_s (i16x8.add (local.get $low)
            (i8x16.shuffle 0 1 0 1 2 3 2 3 4 5 4 5 6 7 6 7 (local.get $green) (local.get $green))) (i32.const 5))
          (i16x8.shr_s (i16x8.add (local.get $high)
            (i8x16.shuffle 8 9 8 9 10 11 10 11 12 13 12 13 14 15 14 15 (local.get $green) (local.get $green)))
            (i32.const 5))))
        (local.set $blue (i8x16.narrow_i16x8_u
          (i16x8.shr_s (i16x8.add (local.get $low)
            (i8x16.shuffle 0 1 0 1 2 3 2 3 4 5 4 5 6 7 6 7 (local.get $blue) (local.get $blue))) (i32.const 5))
          (i16x8.shr_s (i16x8.add (local.get $high)
            (i8x16.shuffle 8 9 8 9 10 11 10 11 12 13 12 13 14 15 14 15 (local.get $blue) (local.get $blue)))
            (i32.const 5))))

        (local.set $bg (i8x16.shuffle 0 16 1 17 2 18 3 19 4 20 5 21 6 22 7 23 (local.get $blue) (local.get $green)))
        (local.set $rx (i8x16.shuffle 0 16 1 17 2 18 3 19 4 20 5 21 6 22 7 23 (local.get $red) (local.get $red)))
        (v128.store (local.get $out)
          (i8x16.shuffle 0 1 16 17 2 3 18 19 4 5 20 21 6 7 22 23 (local.get $bg) (local.get $rx)))
        (v128.store offset=16 (local.get $out)
          (i8x16.shuffle 8 9 24 25 10 11 26 27 12 13 28 29 14 15 30 31 (local.get $bg) (local.get $rx)))
        (local.set $bg (i8x16.shuffle 8 24 9 25 10 26 11 27 12 28 13 29 14 30 15 31
          (local.get $blue) (local.get $green)))
        (local.set $rx (i8x16.shuffle 8 24 9 25 10 26 11 27 12 28 13 29 14 30 15 31
          (local.get $red) (local.get $red)))
        (v128.store offset=32 (local.get $out)
          (i8x16.shuffle 0 1 16 17 2 3 18 19 4 5 20 21 6 7 22 23 (local.get $bg) (local.get $rx)))
        (v128.store offset=48 (local.get $out)
          (i8x16.shuffle 8 9 24 25 10 11 26 27 12 13 28 29 14 15 30 31 (local.get $bg) (local.get $rx)))

        (local.set $y (i32.add (local.get $y) (i32.const 16)))
        (local.set $u (i32.add (local.get $u) (i32.const 8)))
        (local.set $v (i32.add (local.get $v) (i32.const 8)))
        (local.set $out (i32.add (local.get $out) (i32.const 64)))
        (local.set $blocks (i32.sub (local.get $blocks) (i32.const 1)))
        (br $next)))))
